"""What all messages share: they are frozen, know their fields, and never hold a table."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

NO_CONTROL = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+$"
"""Control characters could forge a header or a page, marks of direction turn a name round."""

ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_CONTROL)]
LongText = Annotated[
    str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f]+$")
]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]


class Message(BaseModel):
    """A frozen value that travels between processes; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
