package trtyolo

// #include <trtyolo.h>
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// What the library calls, from threads of its own.

//export trtyolo_go_log
func trtyolo_go_log(level C.trtyolo_log_level, text *C.char) {
	if call := log.Load(); call != nil {
		(*call)(LogLevel(level), C.GoString(text))
	}
}

//export trtyolo_go_done
func trtyolo_go_done(data unsafe.Pointer, status C.trtyolo_status, message *C.char, result *C.trtyolo_result) {
	submitted := cgo.Handle(uintptr(data)).Value().(*submission)
	found := outcome{result: result}
	if status != C.TRTYOLO_OK {
		found.err = &Error{Status(status), C.GoString(message)}
	}
	submitted.done <- found
	submitted.called()
}

//export trtyolo_go_release
func trtyolo_go_release(data unsafe.Pointer) {
	cgo.Handle(uintptr(data)).Value().(*submission).release()
}
