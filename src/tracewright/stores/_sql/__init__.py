"""The rooms of the `sql` store: tables, migrations, writing in groups, and sentences for what the database says."""
