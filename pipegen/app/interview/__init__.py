"""The interview of ``pipegen new``: it asks what nobody said yet, looks before it asks, and gives back answers as flags have them."""

from pipegen.app.interview.conduct import Interviewed, interview, is_needed, resume_command
from pipegen.app.interview.review import Known, Review

__all__ = ["Interviewed", "Known", "Review", "interview", "is_needed", "resume_command"]
