"""An agent in Python without the SDK: the link as JSON over a WebSocket, with python3-websockets.

It runs one task, streams its output, waits until the result is durable, and disconnects:  python3 bare_agent.py ws://127.0.0.1:7400/v1/link
"""

import asyncio
import base64
import json
import sys
import time

import websockets


def encoded(value):
    return base64.b64encode(json.dumps(value).encode()).decode()


async def main(url):
    async with websockets.connect(url) as socket:
        sent = received = 0

        async def send(**frame):
            nonlocal sent
            sent += 1
            await socket.send(json.dumps({"sequence": sent, "acknowledged": received, **frame}))

        offering = {"slots": 1, "capabilities": [{"name": "python.shout", "version": "1.0.0"}]}
        hello = {"versionMin": 1, "versionMax": 1, "agentId": "python", "incarnation": str(time.time_ns())}
        await socket.send(json.dumps({"hello": {**hello, "offering": offering}}))
        answer = json.loads(await socket.recv())
        if "welcome" not in answer:
            sys.exit(f"refused: {answer['refused']['error']['message']}")
        print("linked", flush=True)
        await send(credit=1)
        async for message in socket:
            frame = json.loads(message)
            received = frame.get("sequence", received)
            for assignment in frame.get("assignments", []):
                token = assignment["token"]
                words = json.loads(base64.b64decode(assignment["inlineInput"]))["words"]
                for index, word in enumerate(words):
                    chunk = base64.b64encode(word.upper().encode()).decode()
                    await send(partialOutputs=[{"token": token, "index": index, "chunk": chunk}])
                output = encoded(" ".join(words).upper())
                await send(results=[{"token": token, "inlineOutput": output}])
            if frame.get("resultsDurable", 0) > 0:
                print("durable", flush=True)
                await send(bye={"reason": "the task has ended"})
                return


asyncio.run(main(sys.argv[1]))
