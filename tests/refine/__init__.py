"""Tests of s2i.refine."""
