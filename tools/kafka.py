"""A Kafka cluster for tests: the mock of librdkafka, with one broker, in memory. Prints its address, then executes the
commands of its input, and ends with the input."""

import ctypes
import sys

library = ctypes.CDLL("librdkafka.so.1")


def call(name, result, *arguments):
    function = getattr(library, "rd_kafka_" + name)
    function.restype = result
    return function(*arguments)


pointer, number, small = ctypes.c_void_p, ctypes.c_int, ctypes.c_int16
reason = ctypes.create_string_buffer(512)
client = pointer(call("new", pointer, 0, None, reason, ctypes.c_size_t(len(reason))))
cluster = pointer(call("mock_cluster_new", pointer, client, 1))
# Its answer of version 4 lacks the epochs of leaders.
call("mock_set_apiversion", number, cluster, small(2), small(0), small(3))
print(call("mock_cluster_bootstraps", ctypes.c_char_p, cluster).decode(), flush=True)
for line in sys.stdin:
    word, *rest = line.split()
    if word == "topic":
        call("mock_topic_create", number, cluster, rest[0].encode(), int(rest[1]), 1)
    elif word == "error":
        call("mock_topic_set_error", None, cluster, rest[0].encode(), int(rest[1]))
    elif word == "errors":
        codes = [number(int(code)) for code in rest[1:]]
        call("mock_push_request_errors", None, cluster, small(int(rest[0])), ctypes.c_size_t(len(codes)), *codes)
    else:
        call("mock_broker_set_" + word, number, cluster, 1)
    print("done", flush=True)
