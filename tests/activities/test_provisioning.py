"""The platform that deletes: the same order twice is carried out once and proved alike."""

from activities.gateways.provisioning import Provisioning, SimulatedProvisioning


async def test_an_order_is_carried_out_once() -> None:
    """A repetition gets the first proof, whatever it names; another order gets its own."""
    simulated = SimulatedProvisioning()
    platform: Provisioning = simulated
    first = await platform.delete("deletion/C-000001/data", "C-000001", ["vm-1"])
    assert await platform.delete("deletion/C-000001/data", "C-000001", ["vm-1", "vm-2"]) == first
    other = await platform.delete("deletion/C-000002/data", "C-000002", [])
    assert other.reference != first.reference
    assert simulated.deleted == {
        "deletion/C-000001/data": ("C-000001", ("vm-1",)),
        "deletion/C-000002/data": ("C-000002", ()),
    }


async def test_a_platform_started_anew_gives_the_same_proof() -> None:
    """A crash between the order and its record does no harm."""
    proofs = [await SimulatedProvisioning().delete("deletion/C-000001/data", "C-000001", []) for _ in range(2)]
    assert proofs[0] == proofs[1]
