# SPDX-License-Identifier: PostgreSQL
"""The page of examples/starter in a headless Chromium.

usage: starter_page.py [--picture FILE] ADDRESS [KEY QUESTION]

Prints the status that the page shows; with a key and a question what a search of the page shows,
what a wrong key leads to, and how many operations the OpenAPI page has.
"""

import base64
import sys

from browser import Browser


def type_into(browser, field, text):
    browser.run(f'form.elements.{field}.value = ""')
    # A newline would send the form; a tab leaves the field, which is then changed
    browser.call('POST', browser.element('#' + field) + '/value', text=text + '\ue004')


def search(browser, key, question):
    type_into(browser, 'key', key)
    browser.wait('form.elements.collection.length > 0')
    type_into(browser, 'question', question)
    browser.call('POST', browser.element('#by_document') + '/click')
    browser.call('POST', browser.element('button') + '/click')
    browser.wait('message.textContent.endsWith("found")')
    print(browser.run('return form.elements.collection.selectedOptions[0].text + ": " + message.textContent'))
    for heading in browser.run('return [...document.querySelectorAll("h2")].map(h => h.textContent)'):
        print(heading)


def main():
    arguments = sys.argv[1:]
    picture = arguments[1] if arguments[0] == '--picture' else None
    if picture:
        del arguments[:2]
    browser = Browser()
    try:
        browser.call('POST', '/url', url=arguments[0])
        browser.wait('state.textContent !== "connecting"')
        print(browser.run('return state.textContent'))
        if len(arguments) > 1:
            search(browser, *arguments[1:])
            if picture:
                with open(picture, 'wb') as file:
                    file.write(base64.b64decode(browser.call('GET', '/screenshot')))
            type_into(browser, 'key', 'lk_no_key')
            browser.wait('message.textContent.includes("key")')
            print(browser.run('return message.textContent'))
            browser.call('POST', '/url', url=arguments[0] + '/docs')
            browser.wait('document.querySelectorAll(".opblock").length > 0')
            print(browser.run('return document.querySelectorAll(".opblock").length'), 'operations')
    finally:
        browser.close()


main()
