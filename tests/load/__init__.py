"""Benchmarks, run by `huiyuan bench NAME`; each prints a figure beside its floor."""
