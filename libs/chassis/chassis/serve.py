"""`python -m chassis.serve identity_service.app`: one service as a process."""

import gc
import importlib
import sys

import uvicorn

from chassis.settings import Settings


def main() -> None:
    """Run the app of the module named on the command line, as its settings say."""
    module = importlib.import_module(sys.argv[1])
    app = module.create_app()
    settings = Settings()
    gc.freeze()  # what is imported stays; batches of decoded rows are no garbage either
    gc.set_threshold(50_000, 20, 50)
    host, _, port = settings.bind.rpartition(":")
    uvicorn.run(
        app,
        host=host,
        port=int(port),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        backlog=4096,
        timeout_keep_alive=120,
        timeout_graceful_shutdown=5,
        server_header=False,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
    )


if __name__ == "__main__":
    main()
