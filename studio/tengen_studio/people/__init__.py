"""People: invitations, accounts, log-in and sessions."""
