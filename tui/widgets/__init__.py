"""Widgets that know no session: given values, they show them and tell what the person did."""
