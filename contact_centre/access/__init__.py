"""Who may do what: users, roles, sessions, and the audit log."""
