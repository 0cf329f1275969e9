"""Registers of disclosures, publications and contractors; events that wait for a second person.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade."""
    _contractor()
    _disclosure()
    _publication()
    _register_entry()
    with op.batch_alter_table("maintenance_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("state", sa.String(16), nullable=False, server_default="recorded"))
        batch_op.add_column(sa.Column("without_notice", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("approval_id", sa.String(32), nullable=True))
        batch_op.create_check_constraint(
            op.f("ck_maintenance_event_state"),
            "state IN ('proposed', 'recorded', 'rejected', 'withdrawn', 'expired')",
        )


def _contractor() -> None:
    op.create_table(
        "contractor",
        sa.Column("contractor_no", sa.String(32), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("task", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("contracted_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.String(100), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("contractor_no", name=op.f("pk_contractor")),
    )


def _disclosure() -> None:
    op.create_table(
        "disclosure",
        sa.Column("disclosure_no", sa.String(32), nullable=False),
        sa.Column("contract_no", sa.String(32), nullable=False),
        sa.Column("ground", sa.String(16), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("articles", sa.JSON(), nullable=False),
        sa.Column("contractor_no", sa.String(32), nullable=True),
        sa.Column("requester", sa.LargeBinary(), nullable=False),
        sa.Column("basis_reference", sa.LargeBinary(), nullable=False),
        sa.Column("basis_sha256", sa.String(64), nullable=False),
        sa.Column("scope", sa.LargeBinary(), nullable=False),
        sa.Column("proposed_by", sa.String(100), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approval_id", sa.String(32), nullable=False),
        sa.CheckConstraint(
            "ground IN ('consent', 'bank', 'warrant', 'inquiry', 'statute', 'emergency', 'contractor')",
            name=op.f("ck_disclosure_ground"),
        ),
        sa.ForeignKeyConstraint(["contract_no"], ["contract.contract_no"], name=op.f("fk_disclosure_contract_no")),
        sa.ForeignKeyConstraint(
            ["contractor_no"], ["contractor.contractor_no"], name=op.f("fk_disclosure_contractor_no")
        ),
        sa.PrimaryKeyConstraint("disclosure_no", name=op.f("pk_disclosure")),
    )
    with op.batch_alter_table("disclosure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disclosure_contract_no"), ["contract_no"], unique=False)


def _publication() -> None:
    op.create_table(
        "publication",
        sa.Column("publication_no", sa.String(32), nullable=False),
        sa.Column("contract_no", sa.String(32), nullable=False),
        sa.Column("publication", sa.LargeBinary(), nullable=False),
        sa.Column("text_version", sa.String(64), nullable=False),
        sa.Column("text_sha256", sa.String(64), nullable=False),
        sa.Column("scope", sa.LargeBinary(), nullable=False),
        sa.Column("consented_on", sa.Date(), nullable=False),
        sa.Column("consented_by", sa.LargeBinary(), nullable=False),
        sa.Column("proposed_by", sa.String(100), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approval_id", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["contract_no"], ["contract.contract_no"], name=op.f("fk_publication_contract_no")),
        sa.PrimaryKeyConstraint("publication_no", name=op.f("pk_publication")),
    )
    with op.batch_alter_table("publication", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_publication_contract_no"), ["contract_no"], unique=False)


def _register_entry() -> None:
    op.create_table(
        "register_entry",
        sa.Column("register_no", sa.String(32), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_by", sa.String(100), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('decided', 'handed_over', 'approved', 'consent_withdrawn', 'rejected', 'withdrawn', 'expired', "
            "'ended')",
            name=op.f("ck_register_entry_kind"),
        ),
        sa.PrimaryKeyConstraint("register_no", "n", name=op.f("pk_register_entry")),
    )


def downgrade() -> None:
    """Downgrade."""
    with op.batch_alter_table("maintenance_event", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_maintenance_event_state"), type_="check")
        batch_op.drop_column("approval_id")
        batch_op.drop_column("without_notice")
        batch_op.drop_column("state")
    op.drop_table("register_entry")
    with op.batch_alter_table("publication", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_publication_contract_no"))

    op.drop_table("publication")
    with op.batch_alter_table("disclosure", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_disclosure_contract_no"))

    op.drop_table("disclosure")
    op.drop_table("contractor")
