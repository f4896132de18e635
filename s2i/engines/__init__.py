"""Image engines behind one interface (see base.py); registry.py knows them by name."""
