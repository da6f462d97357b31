"""What the vendor's documents say, as plain facts."""
