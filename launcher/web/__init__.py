"""What the browser meets: the WSGI stack around the app, and the server."""
