"""What all messages share: they are frozen, know their fields, and never hold a table."""

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """A frozen value that travels between processes; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
