// Cancels a task with an API key, and says what became of it: repeats after Retry-After, and asks for the state
// where only that shows it. Needs Go's own library alone.
//
//	GATEWAY_API_KEY=dlcgw_... go run examples/cancel.go <task id>
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"
)

const mostAttempts = 5

var final = map[string]bool{"cancelled": true, "succeeded": true, "failed": true}

// answer has the members that decide; those that a response does not have are empty.
type answer struct {
	Outcome        string
	State          string
	Code           string
	TaskState      string
	Retryable      bool
	OutcomeUnknown bool
}

var client = &http.Client{Timeout: 30 * time.Second}

// ask gives the body, and for how long to wait: 0 where nothing will change.
func ask(method, taskID string) (answer, time.Duration) {
	// The request may have arrived although there is no response.
	none := answer{Code: "no-response", Retryable: true, OutcomeUnknown: true}
	base := os.Getenv("GATEWAY_URL")
	if base == "" {
		base = "http://127.0.0.1:9000"
	}
	request, err := http.NewRequest(method, base+"/tasks/"+url.PathEscape(taskID), nil)
	if err != nil {
		return answer{Code: err.Error()}, 0
	}
	request.Header.Set("X-API-Key", os.Getenv("GATEWAY_API_KEY"))
	request.Header.Set("Prefer", "wait=3")
	response, err := client.Do(request)
	if err != nil {
		return none, 2 * time.Second
	}
	defer response.Body.Close()
	var body answer
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		return none, 2 * time.Second
	}
	seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
	return body, time.Duration(seconds) * time.Second
}

// stateOf gives the state of the task, once it is final, or after some time.
func stateOf(taskID string) string {
	for attempt := 1; ; attempt++ {
		body, wait := ask("GET", taskID)
		isLast := attempt == mostAttempts
		if body.State != "" && (wait == 0 || isLast) {
			return body.State
		}
		if body.Code != "" && (!body.Retryable || isLast) {
			return body.Code
		}
		time.Sleep(wait)
	}
}

// cancel gives what became of the task: cancelled, another state, or the code of an error.
func cancel(taskID string) string {
	for attempt := 1; ; attempt++ {
		body, wait := ask("DELETE", taskID)
		switch {
		case body.Outcome == "cancelled" || body.Outcome == "already_cancelled":
			return "cancelled"
		case body.Code == "task-already-finished" && body.TaskState != "":
			return body.TaskState
		// Cancelling twice does no harm, so an error is repeated even if nobody knows what it did.
		case body.Retryable && attempt < mostAttempts:
			time.Sleep(wait)
		case body.Outcome != "" || body.OutcomeUnknown:
			return stateOf(taskID)
		default:
			return body.Code
		}
	}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cancel <task id>")
		os.Exit(64)
	}
	became := cancel(os.Args[1])
	if !final[became] {
		became = "not known to have ended: " + became
	}
	fmt.Println(became)
	if became != "cancelled" {
		os.Exit(1)
	}
}
