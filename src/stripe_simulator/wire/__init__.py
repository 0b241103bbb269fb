"""The wire: forms in, JSON out. Owns encoding and parameter types; does not own what they mean."""
