"""Between processes, over Redis: news and counts that may be lost at any moment (decision 0016)."""
