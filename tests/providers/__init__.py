"""Identity providers for tests: two honest ones as real processes, and one of each protocol that lies on demand."""
