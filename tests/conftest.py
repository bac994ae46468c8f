"""Property tests have no time limit an example: on a busy machine the first one pays for every import and cache."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
