"""The entry point for a WSGI server: `gunicorn wsgi:app` is a complete deployment on one machine."""

from core.app import serve

app = serve()
