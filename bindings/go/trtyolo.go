// Package trtyolo runs YOLO models fast and in parallel: one engine, many clones.
//
//	model, err := trtyolo.Load("yolo11n.onnx")
//	if err != nil { ... }
//	defer model.Close()
//	found, err := model.Predict(trtyolo.FromImage(picture)) // an image.Image
//	for i := range found.Classes {
//		fmt.Println(found.Names[i], found.Scores[i], found.Boxes[i])
//	}
//
//	clone, err := model.Clone() // same weights, own execution context: one for each goroutine that predicts
//
// It is a face of the library's interface in C, include/trtyolo.h, which says more about each item. Where the header and
// the library are is told by CGO_CFLAGS and CGO_LDFLAGS: see README.md.
//
// Goroutines: a Model predicts for one at a time, a second one gets Busy; all else may be called by any number at once.
// Close waits for calls that are under way. What is not closed is freed when it is collected, which may be late: an engine
// holds much memory that the collector does not see.
package trtyolo

/*
#cgo LDFLAGS: -ltrtyolo
#include <stdlib.h>
#include <trtyolo.h>

void trtyolo_go_log(trtyolo_log_level level, char* text);
static void set_go_log(bool on) { trtyolo_set_log(on ? (trtyolo_log_callback)trtyolo_go_log : NULL); }
*/
import "C"

import (
	"runtime"
	"sync/atomic"
	"unsafe"
)

// Version is that of the library, "trtyolo 0.1.0".
func Version() string { return C.GoString(C.trtyolo_version()) }

// GPUCount is how many GPUs models can run on.
func GPUCount() int { return int(C.trtyolo_gpu_count()) }

// Status is what became of a call. It is an error, so that errors.Is(err, trtyolo.Busy) says what kind err is.
type Status int

// The kinds of errors.
const (
	Failed          = Status(C.TRTYOLO_ERROR)            // none of the following
	InvalidArgument = Status(C.TRTYOLO_INVALID_ARGUMENT) // an argument, an option or an image makes no sense
	OutOfMemory     = Status(C.TRTYOLO_OUT_OF_MEMORY)    // there is not so much memory
	ModelError      = Status(C.TRTYOLO_MODEL_ERROR)      // a file cannot be read, is no model, or is not understood
	Busy            = Status(C.TRTYOLO_BUSY)             // another goroutine is predicting with this model: clone it
	InferenceError  = Status(C.TRTYOLO_INFERENCE_ERROR)  // the backend failed while it ran the network
	DeviceError     = Status(C.TRTYOLO_DEVICE_ERROR)     // a GPU is missing, has no memory left, or failed
	QueueFull       = Status(C.TRTYOLO_QUEUE_FULL)       // the queue of a pool is full, and the image is not to wait
	Deadline        = Status(C.TRTYOLO_DEADLINE)         // the time of an image was over before its run began
	Cancelled       = Status(C.TRTYOLO_CANCELLED)        // an image was cancelled while it waited in a pool
	Closed          = Status(C.TRTYOLO_CLOSED)           // the model or pool is closed, or was while the image waited
)

var statusNames = map[Status]string{
	Failed: "failed", InvalidArgument: "invalid argument", OutOfMemory: "out of memory", ModelError: "model error",
	Busy: "busy", InferenceError: "inference error", DeviceError: "device error", QueueFull: "queue full",
	Deadline: "deadline", Cancelled: "cancelled", Closed: "closed",
}

func (status Status) Error() string {
	if name, known := statusNames[status]; known {
		return "trtyolo: " + name
	}
	return "trtyolo: " + statusNames[Failed]
}

// Error is why a call failed: what kind of thing went wrong, and the library's words.
type Error struct {
	Status  Status
	Message string
}

func (err *Error) Error() string { return "trtyolo: " + err.Message }

// Unwrap gives the kind.
func (err *Error) Unwrap() error { return err.Status }

var errClosed = &Error{Closed, "it is closed"}

// call runs a function of the library, whose message of an error belongs to the thread that it ran in.
func call(function func() C.trtyolo_status) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if status := function(); status != C.TRTYOLO_OK {
		return &Error{Status(status), C.GoString(C.trtyolo_last_error())}
	}
	return nil
}

// LogLevel is how much a message of the log matters.
type LogLevel int

// The levels of the log.
const (
	LogDebug   = LogLevel(C.TRTYOLO_LOG_DEBUG)   // for those who look for a fault
	LogInfo    = LogLevel(C.TRTYOLO_LOG_INFO)    // what takes long or happens once
	LogWarning = LogLevel(C.TRTYOLO_LOG_WARNING) // the library goes on, but somebody may want to know
	LogError   = LogLevel(C.TRTYOLO_LOG_ERROR)   // errors of TensorRT
)

var log atomic.Pointer[func(LogLevel, string)]

// SetLog lets messages of the whole process go to call; with nil, as in the beginning, to nobody. It is called by any
// thread, also by several at once, and must not use this package.
func SetLog(call func(level LogLevel, text string)) {
	if call == nil {
		C.set_go_log(false)
		log.Store(nil)
		return
	}
	log.Store(&call)
	C.set_go_log(true)
}

// cStrings makes a list of texts for C; free it after use.
func cStrings(texts []string) (list []*C.char, free func()) {
	for _, text := range texts {
		list = append(list, C.CString(text))
	}
	return list, func() {
		for _, text := range list {
			C.free(unsafe.Pointer(text))
		}
	}
}
