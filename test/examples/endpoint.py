# SPDX-License-Identifier: PostgreSQL
"""An endpoint with OpenAI's interface for examples/rag and examples/quickstart: prints its port,
and answers with what it was given, so that the test sees it."""

import http.server
import json


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        given = f'{self.path}, {self.headers["Authorization"]}, {request["model"]}'
        if 'messages' in request:
            answer = f'{given}: {request["messages"][0]["content"].count("[")} marks [2] and [99]'
            body = {'choices': [{'message': {'role': 'assistant', 'content': answer}}]}
        else:
            # A vector of as many dimensions as the text and what was given have characters
            body = {'data': [{'embedding': [0.5] * len(given + text)} for text in request['input']]}
        body = json.dumps(body).encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
print(f'port {server.server_port}', flush=True)
server.serve_forever()
