"""Looking for personal values where none may lie open: the demo's report, `huiyuan doctor pii`."""
