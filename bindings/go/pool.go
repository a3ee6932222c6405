package trtyolo

/*
#include <stdint.h>
#include <stdlib.h>
#include <trtyolo.h>

void trtyolo_go_done(void* data, trtyolo_status status, char* message, trtyolo_result* result);
void trtyolo_go_release(void* data);

// Handles are numbers, which Go does not want to see as pointers.
static trtyolo_status submit(trtyolo_pool* pool, const trtyolo_image* image, uintptr_t handle,
                             trtyolo_ticket** ticket) {
  const trtyolo_submission how = {
      .done = (trtyolo_done_callback)trtyolo_go_done,
      .done_data = (void*)handle,
      .release = trtyolo_go_release,
      .release_data = (void*)handle,
  };
  return trtyolo_pool_submit(pool, image, &how, ticket);
}
*/
import "C"

import (
	"context"
	"runtime"
	"runtime/cgo"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Pool is a queue in front of several contexts of one model, for any number of goroutines: images that arrive while the
// network runs share its next run.
type Pool struct {
	mutex sync.RWMutex // held for reading by calls that are under way
	raw   *C.trtyolo_pool
}

func newPool(how PoolOptions, function func(*C.trtyolo_pool_options, **C.trtyolo_pool) error) (*Pool, error) {
	options, err := how.object()
	if err != nil {
		return nil, err
	}
	defer C.trtyolo_pool_options_free(options)
	var raw *C.trtyolo_pool
	if err := function(options, &raw); err != nil {
		return nil, err
	}
	pool := &Pool{raw: raw}
	runtime.SetFinalizer(pool, (*Pool).Close)
	return pool, nil
}

// NewPool makes a pool of a model, with the thresholds that it has now. It shares the model's engine.
func NewPool(model *Model, how PoolOptions) (*Pool, error) {
	return newPool(how, func(options *C.trtyolo_pool_options, out **C.trtyolo_pool) error {
		return model.use(func(raw *C.trtyolo_model) C.trtyolo_status { return C.trtyolo_pool_new(raw, options, out) })
	})
}

// LoadPool makes a pool of a model that is loaded from a file; on a CPU with as many streams as suit the machine.
func LoadPool(file string, how PoolOptions, options ...Option) (*Pool, error) {
	modelOptions, err := optionsOf(options)
	if err != nil {
		return nil, err
	}
	defer C.trtyolo_options_free(modelOptions)
	name := C.CString(file)
	defer C.free(unsafe.Pointer(name))
	return newPool(how, func(options *C.trtyolo_pool_options, out **C.trtyolo_pool) error {
		return call(func() C.trtyolo_status { return C.trtyolo_pool_load(name, modelOptions, options, out) })
	})
}

func (pool *Pool) use(function func(raw *C.trtyolo_pool) C.trtyolo_status) error {
	pool.mutex.RLock()
	defer pool.mutex.RUnlock()
	if pool.raw == nil {
		return errClosed
	}
	return call(func() C.trtyolo_status { return function(pool.raw) })
}

// Close accepts no more images, runs those that wait, and frees the pool. Closing again does nothing.
func (pool *Pool) Close() error {
	pool.mutex.Lock()
	defer pool.mutex.Unlock()
	C.trtyolo_pool_free(pool.raw)
	pool.raw = nil
	runtime.SetFinalizer(pool, nil)
	return nil
}

// Drop accepts no more images, and ends those that wait with Closed. The pool is still to be closed.
func (pool *Pool) Drop() error {
	return pool.use(func(raw *C.trtyolo_pool) C.trtyolo_status { return C.trtyolo_pool_close(raw, true) })
}

// Info is what is known of its model; empty when it is closed.
func (pool *Pool) Info() Info {
	var info Info
	_ = pool.use(func(raw *C.trtyolo_pool) C.trtyolo_status {
		info = newInfo(C.trtyolo_pool_info(raw))
		return C.TRTYOLO_OK
	})
	return info
}

// Contexts is how many runs there are at the same time, on all devices together; 0 when it is closed.
func (pool *Pool) Contexts() int {
	contexts := 0
	_ = pool.use(func(raw *C.trtyolo_pool) C.trtyolo_status {
		contexts = int(C.trtyolo_pool_contexts(raw))
		return C.TRTYOLO_OK
	})
	return contexts
}

// Metrics is what the pool has done and is doing, in Prometheus' text format, with the label pool="name".
func (pool *Pool) Metrics(name string) (string, error) {
	label := C.CString(name)
	defer C.free(unsafe.Pointer(label))
	return text(func(out **C.char) error {
		return pool.use(func(raw *C.trtyolo_pool) C.trtyolo_status { return C.trtyolo_pool_metrics(raw, label, out) })
	})
}

// Predict says what is in an image, and waits for it. When ctx is done before the image's run has begun, the image is taken
// out of the queue, and ctx's error returned; a run that has begun reads the pixels, and is waited for. A full queue is
// waited for without regard to ctx, unless PoolOptions.Reject is set.
func (pool *Pool) Predict(ctx context.Context, image Image) (*Result, error) {
	raw, err := pool.predictOne(ctx, image)
	if err != nil {
		return nil, err
	}
	return newResult(raw)
}

// PredictJSON is Predict, whose result is one JSON object on one line, as `trtyolo predict --json` writes it.
func (pool *Pool) PredictJSON(ctx context.Context, image Image) (string, error) {
	raw, err := pool.predictOne(ctx, image)
	if err != nil {
		return "", err
	}
	return newJSON(raw)
}

// PredictBatch says what is in images of any sizes, in their order: all of them or none.
func (pool *Pool) PredictBatch(images []Image) ([]*Result, error) {
	return predict(images, func(first *C.trtyolo_image, count C.size_t, results **C.trtyolo_result) error {
		return pool.use(func(raw *C.trtyolo_pool) C.trtyolo_status {
			return C.trtyolo_pool_predict(raw, first, count, results)
		})
	}, newResult)
}

// predictOne gives the result to its caller. The goroutine that waits takes no thread.
func (pool *Pool) predictOne(ctx context.Context, image Image) (*C.trtyolo_result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	submitted := &submission{done: make(chan outcome, 1)}
	raw, err := image.raw(&submitted.pinner)
	if err != nil {
		submitted.pinner.Unpin()
		return nil, err
	}
	submitted.calls.Store(2)
	handle := cgo.NewHandle(submitted)
	submitted.handle = handle
	var ticket *C.trtyolo_ticket
	asked := false
	err = pool.use(func(pool *C.trtyolo_pool) C.trtyolo_status {
		asked = true
		return C.submit(pool, &raw, C.uintptr_t(handle), &ticket)
	})
	if !asked {
		submitted.release()
	}
	if err != nil {
		submitted.called() // there is no callback
		return nil, err
	}
	defer C.trtyolo_ticket_free(ticket)
	select {
	case found := <-submitted.done:
		return found.result, found.err
	case <-ctx.Done():
	}
	cancelled := bool(C.trtyolo_ticket_cancel(ticket))
	found := <-submitted.done
	if cancelled {
		return nil, ctx.Err()
	}
	return found.result, found.err
}

// outcome is what became of an image.
type outcome struct {
	result *C.trtyolo_result
	err    error
}

// submission is an image in a pool, which the pool knows by a handle: it calls done and release once each, in any order.
type submission struct {
	pinner runtime.Pinner // of the pixels
	done   chan outcome
	calls  atomic.Int32 // that are still to come
	handle cgo.Handle
}

func (submitted *submission) called() {
	if submitted.calls.Add(-1) == 0 {
		submitted.handle.Delete()
	}
}

func (submitted *submission) release() {
	submitted.pinner.Unpin()
	submitted.called()
}
