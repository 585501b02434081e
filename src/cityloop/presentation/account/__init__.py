"""Sign-in, the second factor, and the page of one's own account, on django-allauth."""
