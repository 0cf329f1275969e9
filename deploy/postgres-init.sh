#!/bin/sh
# Run once by the PostgreSQL image on an empty volume: a role and two databases of our own beside Temporal's.
# The vault's keys lie apart from the office's data, so that a backup of one restores nothing of the other.
set -eu
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres -v pw="$YAKKAN_DB_PASSWORD" <<'SQL'
CREATE ROLE yakkan LOGIN PASSWORD :'pw';
CREATE DATABASE yakkan OWNER yakkan;
CREATE DATABASE yakkan_vault OWNER yakkan;
SQL
