"""An agent in Python without a library of Tutti's: the link over a WebSocket, as JSON, with python3-websockets.

It does one task, streams its output, waits until the result is durable, and leaves:  python3 bare_agent.py ws://127.0.0.1:7400/v1/link
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
        said = received = 0

        async def say(**frame):
            nonlocal said
            said += 1
            await socket.send(json.dumps({"sequence": said, "acknowledged": received, **frame}))

        offering = {"slots": 1, "capabilities": [{"name": "python.shout", "version": "1.0.0"}]}
        hello = {"versionMin": 1, "versionMax": 1, "agentId": "python", "incarnation": str(time.time_ns())}
        await socket.send(json.dumps({"hello": {**hello, "offering": offering}}))
        answer = json.loads(await socket.recv())
        if "welcome" not in answer:
            sys.exit(f"refused: {answer['refused']['error']['message']}")
        print("linked", flush=True)
        await say(credit=1)
        async for message in socket:
            frame = json.loads(message)
            received = frame.get("sequence", received)
            for assignment in frame.get("assignments", []):
                token = assignment["token"]
                words = json.loads(base64.b64decode(assignment["inlineInput"]))["words"]
                for index, word in enumerate(words):
                    chunk = base64.b64encode(word.upper().encode()).decode()
                    await say(partialOutputs=[{"token": token, "index": index, "chunk": chunk}])
                output = encoded(" ".join(words).upper())
                await say(results=[{"token": token, "inlineOutput": output}])
            if frame.get("resultsDurable", 0) > 0:
                print("durable", flush=True)
                await say(bye={"reason": "that was all"})
                return


asyncio.run(main(sys.argv[1]))
