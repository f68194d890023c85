"""A shop with FastAPI that runs a workflow for the user of each request."""

import os
import sys

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from tutti import TuttiError
from tutti.embed import EmbeddedTutti, TuttiMiddleware

tutti = EmbeddedTutti(environment={name: os.environ[name] for name in ("TUTTI_URL", "TUTTI_API_KEY", "TUTTI_ADDRESS")})
app = FastAPI()
app.add_middleware(TuttiMiddleware, tutti=tutti)


@tutti.worker.handle("shop.price")
def price(order):
    return {"article": order["article"], "cents": 900}


@app.post("/orders")
async def place(request: Request):
    run = await tutti.client.run("order", await request.json())
    return await run.result(timeout="1m")


@app.get("/healthz")
def healthz():
    health = tutti.health()
    return JSONResponse({"level": health.level, "parts": health.parts}, health.status_code)


@app.exception_handler(TuttiError)
async def refused(_request, error):
    return JSONResponse({"code": error.code}, 403)


class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            print(f'{{"msg": "ready", "url": "http://127.0.0.1:{port}"}}', flush=True)


Server(uvicorn.Config(app, port=0, log_level="warning")).run()
print(f'{{"msg": "stopped", "worker": "{tutti.worker.state}"}}', flush=True)
sys.exit(0)
