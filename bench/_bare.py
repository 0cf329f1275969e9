"""The least workflow there can be."""

from temporalio import workflow


@workflow.defn
class Bare:
    """Nothing at all."""

    @workflow.run
    async def run(self) -> None:
        """Complete at once."""
