# SPDX-License-Identifier: PostgreSQL
"""A headless Chromium for examples/semantic_search: starts the server, types a question,
sets filters, and prints what the page shows.

usage: browser.py [--picture FILE] COMMAND...

COMMAND starts the server, and its first line is the address.  chromedriver is found by
PATH, and spoken to as the WebDriver standard has it.  If COMMAND ends before it has an
address, its exit status is this program's.
"""

import base64
import glob
import json
import re
import shutil
import subprocess
import sys
import time
import urllib.request

QUESTION = 'how do I reclaim disk space after deleting rows'
OPTIONS = ['#part option[value="3"]', '#code option[value="false"]', '#ef_search option:last-child']
SECONDS = 120
ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'


class Browser:
    def __init__(self):
        chromedriver = shutil.which('chromedriver')
        # An unpacked package has the browser elsewhere than chromedriver looks for it
        binary = glob.glob(chromedriver.replace('/bin/chromedriver', '/lib/chromium/chromium'))
        for _ in range(20):
            self.process = subprocess.Popen([chromedriver, '--port=0'], stdout=subprocess.PIPE, text=True)
            port = next(filter(None, (re.search(r'successfully on port (\d+)', line)
                                      for line in self.process.stdout)), None)
            if port:
                break
            # The port that was free on IPv4 was another program's on IPv6
            self.process.wait()
        self.url = f'http://127.0.0.1:{port[1]}/session'
        # What is unpacked has no sandbox that an ordinary user may start
        chrome = {'args': ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
                           '--window-size=860,780']} | ({'binary': binary[0]} if binary else {})
        self.url += '/' + self.call('POST', '', capabilities={
            'alwaysMatch': {'browserName': 'chrome', 'goog:chromeOptions': chrome}})['sessionId']

    def call(self, method, path, **body):
        data = json.dumps(body).encode() if method == 'POST' else None
        request = urllib.request.Request(self.url + path, data, {'Content-Type': 'application/json'},
                                         method=method)
        with urllib.request.urlopen(request, timeout=SECONDS) as response:
            return json.load(response)['value']

    def element(self, selector):
        found = self.call('POST', '/element', using='css selector', value=selector)
        return '/element/' + found[ELEMENT]

    def run(self, script):
        return self.call('POST', '/execute/sync', script=script, args=[])

    def wait(self, script):
        end = time.monotonic() + SECONDS
        while not self.run('return ' + script):
            if time.monotonic() > end:
                sys.exit(f'waited in vain for {script}')
            time.sleep(0.05)

    def close(self):
        self.call('DELETE', '')
        self.process.terminate()


def look(browser, address, picture):
    browser.call('POST', '/url', url=address)
    browser.wait('form.part.length > 1')
    browser.call('POST', browser.element('#question') + '/value', text=QUESTION)
    for selector in OPTIONS:
        browser.call('POST', browser.element(selector) + '/click')
    browser.wait('document.getElementById("rows").ariaBusy === "false"')
    figures, times = browser.run('return document.getElementById("figures").innerText').split('\n')
    if not re.fullmatch(r'[\d.]+ ms; a search of all rows: [\d.]+ ms', times):
        sys.exit(f'no times: {times}')
    print(figures)
    print(times)
    for line in browser.run('return [...document.querySelectorAll("h2")].map(h => h.innerText)'):
        print(re.sub(r'\s+', ' ', line))
    # What the address has is there again
    browser.call('POST', '/refresh')
    browser.wait('document.getElementById("rows").ariaBusy === "false"')
    print(browser.run('''return form.question.value + ' / ' + [...document.querySelectorAll('select')]
                             .map(s => s.selectedOptions[0].text).join(' / ')'''))
    if picture:
        with open(picture, 'wb') as file:
            file.write(base64.b64decode(browser.call('GET', '/screenshot')))


def main():
    arguments = sys.argv[1:]
    picture = None
    if arguments[0] == '--picture':
        picture = arguments[1]
        del arguments[:2]
    server = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    address = server.stdout.readline().strip()
    if not address:
        sys.exit(server.wait())
    try:
        browser = Browser()
        try:
            look(browser, address, picture)
        finally:
            browser.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == '__main__':
    main()
