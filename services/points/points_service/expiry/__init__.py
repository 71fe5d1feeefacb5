"""Points that reached their date."""
