import { FORMS } from './request-forms.js';

// A request, `{ method, url, headers, body? }`, as a program in each of four languages, to paste and run.

export const SAMPLES = {
  curl: (request) => FORMS.curl(request),

  Node: (request) =>
    `${FORMS.fetch(request)}\nconsole.log(response.status, await response.text());`,

  Python({ method, url, headers, body }) {
    const data = body === undefined ? '' : `,\n    data=${JSON.stringify(body)}.encode()`;
    const fields = Object.entries(headers).map(
      ([name, value]) => `        ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`,
    );
    return `import urllib.error
import urllib.request

request = urllib.request.Request(
    ${JSON.stringify(url)},
    method=${JSON.stringify(method)},
    headers={
${fields.join('')}    }${data},
)
try:
    response = urllib.request.urlopen(request)
except urllib.error.HTTPError as error:
    response = error
print(response.status, response.read().decode())`;
  },

  Go({ method, url, headers, body }) {
    const fields = Object.entries(headers).map(
      ([name, value]) =>
        `\trequest.Header.Set(${JSON.stringify(name)}, ${JSON.stringify(value)})\n`,
    );
    const reader = body === undefined ? 'nil' : `strings.NewReader(${JSON.stringify(body)})`;
    return `package main

import (
	"fmt"
	"io"
	"net/http"
${body === undefined ? '' : '\t"strings"\n'})

func main() {
	request, err := http.NewRequest(${JSON.stringify(method)}, ${JSON.stringify(url)}, ${reader})
	if err != nil {
		panic(err)
	}
${fields.join('')}	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(response.StatusCode, string(body))
}`;
  },
};
