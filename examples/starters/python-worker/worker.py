from letters import write
from tutti import Worker

worker = Worker()
worker.handle("letter.write")(write)

if __name__ == "__main__":
    worker.run()
