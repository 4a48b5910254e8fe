"""A WebSocket client that can also misbehave (RFC 6455)."""
import base64
import json
import os
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Closed(Exception):
    def __init__(self, code, reason):
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class WebSocket:
    def __init__(self, client, query="", headers=None):
        self.peer = client.open_socket()
        self.received = b""
        self.closed = None
        headers = {"Host": "localhost", "Upgrade": "websocket", "Connection": "keep-alive, Upgrade",
                   "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode()} \
            | client.headers | (headers or {})
        lines = [f"GET /api/ws{query} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        self.peer.sendall("\r\n".join(lines).encode())
        while b"\r\n\r\n" not in self.received:
            data = self.peer.recv(65536)
            if not data:
                raise Closed(1006, "no answer")
            self.received += data
        head, _, self.received = self.received.partition(b"\r\n\r\n")
        self.head = head.decode()
        self.status = int(self.head.split()[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.peer.close()

    # --- Sending ------------------------------------------------------------------------------------

    def send_frame(self, opcode, payload=b"", fin=True, masked=True, rsv=0):
        head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
        flag = 0x80 if masked else 0
        if len(payload) < 126:
            head += bytes([flag | len(payload)])
        elif len(payload) < 65536:
            head += bytes([flag | 126]) + struct.pack(">H", len(payload))
        else:
            head += bytes([flag | 127]) + struct.pack(">Q", len(payload))
        if masked:
            mask = os.urandom(4)
            head += mask
            payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.peer.sendall(head + payload)

    def say(self, message):
        self.send_frame(TEXT, json.dumps(message).encode())

    # --- Receiving ----------------------------------------------------------------------------------

    def take(self, length):
        while len(self.received) < length:
            data = self.peer.recv(65536)
            if not data:
                raise Closed(1006, "")
            self.received += data
        taken, self.received = self.received[:length], self.received[length:]
        return taken

    def frame(self):
        first, second = self.take(2)
        assert first & 0x70 == 0 and second & 0x80 == 0, "no extension, and no mask from a server"
        length = second & 0x7F
        if length == 126:
            length, = struct.unpack(">H", self.take(2))
        elif length == 127:
            length, = struct.unpack(">Q", self.take(8))
        return first & 0x0F, self.take(length)

    def message(self):
        """The next text as JSON; pings are answered; Closed at the end."""
        while True:
            opcode, payload = self.frame()
            if opcode == TEXT:
                return json.loads(payload)
            if opcode == PING:
                self.send_frame(PONG, payload)
            elif opcode == CLOSE:
                code = struct.unpack(">H", payload[:2])[0] if payload else 1005
                raise Closed(code, payload[2:].decode())

    def ask(self, message):
        self.say(message)
        return self.message()
