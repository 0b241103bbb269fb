"""The verbs of ``/v1``, a module for each resource.

Owns what each call accepts and answers. Does not own HTTP (``api``) nor money (``billing``).
"""
