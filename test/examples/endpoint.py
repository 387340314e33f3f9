# SPDX-License-Identifier: PostgreSQL
"""An endpoint with OpenAI's interface for examples/rag: prints its port, and answers
with what it was given, so that the test sees it."""

import http.server
import json


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        prompt = request['messages'][0]['content']
        answer = (f'{self.path}, {self.headers["Authorization"]}, {request["model"]}: '
                  f'{prompt.count("[")} marks [2] and [99]')
        body = json.dumps({'choices': [{'message': {'role': 'assistant', 'content': answer}}]}).encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
print(f'port {server.server_port}', flush=True)
server.serve_forever()
