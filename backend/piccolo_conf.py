"""Where Piccolo finds the database and the app (`PICCOLO_CONF=backend.piccolo_conf`)."""

import os

from piccolo.conf.apps import AppRegistry
from piccolo.engine.postgres import PostgresEngine

DB = PostgresEngine(config={"dsn": os.environ.get("FLEETLINE_OWNER_DATABASE_URL", "")}, extensions=())
APP_REGISTRY = AppRegistry(apps=["backend.piccolo_app"])
