"""How good the collected data are: measured, judged against limits, kept by week."""
