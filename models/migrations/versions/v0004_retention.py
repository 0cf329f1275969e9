"""Legal holds, deletions, certificates.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade."""
    op.create_table(
        "certificate",
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("contract_no", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("article", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("method", sa.String(200), nullable=False),
        sa.Column("performed_by", sa.String(100), nullable=False),
        sa.Column("approval_id", sa.String(32), nullable=True),
        sa.Column("notice_no", sa.String(32), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.CheckConstraint("kind IN ('data', 'personal')", name=op.f("ck_certificate_kind")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_certificate")),
    )
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certificate_contract_no"), ["contract_no"], unique=False)

    op.create_table(
        "deletion",
        sa.Column("contract_no", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("delete_from_on", sa.Date(), nullable=True),
        sa.Column("inventory", sa.JSON(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erasable_from_on", sa.Date(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("early_approval_id", sa.String(32), nullable=True),
        sa.CheckConstraint(
            "state IN ('grace', 'blocked', 'ready', 'deleted', 'retained', 'erased')", name=op.f("ck_deletion_state")
        ),
        sa.ForeignKeyConstraint(
            ["contract_no"], ["contract.contract_no"], name=op.f("fk_deletion_contract_no_contract")
        ),
        sa.PrimaryKeyConstraint("contract_no", name=op.f("pk_deletion")),
    )
    op.create_table(
        "legal_hold",
        sa.Column("hold_no", sa.String(32), nullable=False),
        sa.Column("contract_no", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("matter", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("proposed_by", sa.String(100), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approval_id", sa.String(32), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("release_approval_id", sa.String(32), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('proposed', 'placed', 'rejected', 'released')", name=op.f("ck_legal_hold_state")),
        sa.ForeignKeyConstraint(
            ["contract_no"], ["contract.contract_no"], name=op.f("fk_legal_hold_contract_no_contract")
        ),
        sa.PrimaryKeyConstraint("hold_no", name=op.f("pk_legal_hold")),
    )
    with op.batch_alter_table("legal_hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_legal_hold_contract_no"), ["contract_no"], unique=False)
        batch_op.create_index(batch_op.f("ix_legal_hold_review_on"), ["review_on"], unique=False)


def downgrade() -> None:
    """Downgrade."""
    with op.batch_alter_table("legal_hold", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_legal_hold_review_on"))
        batch_op.drop_index(batch_op.f("ix_legal_hold_contract_no"))

    op.drop_table("legal_hold")
    op.drop_table("deletion")
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_certificate_contract_no"))

    op.drop_table("certificate")
