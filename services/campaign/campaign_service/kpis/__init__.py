"""The KPI board: one definition of every figure, facts a day, targets, a weekly report."""
