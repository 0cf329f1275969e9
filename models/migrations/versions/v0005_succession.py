"""Successions, parties, changes of name and address.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade."""
    op.create_table(
        "name_change",
        sa.Column("contract_no", sa.String(32), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(16), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("changes", sa.LargeBinary(), nullable=False),
        sa.Column("proof_by_on", sa.Date(), nullable=True),
        sa.Column("proof_reminded", sa.Boolean(), nullable=False),
        sa.Column("proof_arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proof_sha256", sa.String(64), nullable=True),
        sa.ForeignKeyConstraint(["contract_no"], ["contract.contract_no"], name=op.f("fk_name_change_contract_no")),
        sa.PrimaryKeyConstraint("contract_no", "n", name=op.f("pk_name_change")),
    )
    with op.batch_alter_table("name_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_name_change_proof_by_on"), ["proof_by_on"], unique=False)

    op.create_table(
        "party",
        sa.Column("contract_no", sa.String(32), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("event_n", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("corporate_number", sa.String(13), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("name_hash", sa.String(64), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("event IN ('name_change', 'succession', 'assignment')", name=op.f("ck_party_event")),
        sa.ForeignKeyConstraint(["contract_no"], ["contract.contract_no"], name=op.f("fk_party_contract_no")),
        sa.PrimaryKeyConstraint("contract_no", "n", name=op.f("pk_party")),
    )
    with op.batch_alter_table("party", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_party_name_hash"), ["name_hash"], unique=False)

    op.create_table(
        "succession",
        sa.Column("contract_no", sa.String(32), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("succeeded_on", sa.Date(), nullable=True),
        sa.Column("raw_on", sa.Date(), nullable=True),
        sa.Column("deadline_on", sa.Date(), nullable=True),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("form", sa.String(16), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("represented", sa.Boolean(), nullable=False),
        sa.Column("review_by_on", sa.Date(), nullable=True),
        sa.Column("screened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("grounds", sa.JSON(), nullable=False),
        sa.Column("approval_id", sa.String(32), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("successor", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('absorption', 'new_company', 'split', 'assignment')", name=op.f("ck_succession_kind")
        ),
        sa.CheckConstraint(
            "state IN ('notified', 'documents_missing', 'under_review', 'continued', 'rescinding', 'rescinded', "
            "'overtaken', 'proposed', 'consented', 'transferred', 'refused', 'withdrawn')",
            name=op.f("ck_succession_state"),
        ),
        sa.ForeignKeyConstraint(["contract_no"], ["contract.contract_no"], name=op.f("fk_succession_contract_no")),
        sa.PrimaryKeyConstraint("contract_no", "n", name=op.f("pk_succession")),
    )
    with op.batch_alter_table("succession", schema=None) as batch_op:
        batch_op.create_index(
            "uq_succession_open",
            ["contract_no"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "succession_document",
        sa.Column("contract_no", sa.String(32), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(100), nullable=False),
        sa.CheckConstraint(
            "kind IN ('registry_certificate', 'anti_social_representation')", name=op.f("ck_succession_document_kind")
        ),
        sa.ForeignKeyConstraint(
            ["contract_no"], ["contract.contract_no"], name=op.f("fk_succession_document_contract_no")
        ),
        sa.PrimaryKeyConstraint("contract_no", "n", "kind", "sha256", name=op.f("pk_succession_document")),
    )


def downgrade() -> None:
    """Downgrade."""
    op.drop_table("succession_document")
    with op.batch_alter_table("succession", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_succession_open",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.drop_table("succession")
    with op.batch_alter_table("party", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_party_name_hash"))

    op.drop_table("party")
    with op.batch_alter_table("name_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_name_change_proof_by_on"))

    op.drop_table("name_change")
