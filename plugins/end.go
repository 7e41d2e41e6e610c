package plugins

import (
	"context"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"linkspan/plugins/internal/wire"
)

// How a plugin ends: with the program, however that ends, and never in the
// middle of an operation.

// exitGrace is how long calls in hand that change nothing may take when the
// program has died.
const exitGrace = 300 * time.Millisecond

// calls is done when no call is to go on: the program has died, or is done
// with the plugin.
var calls, endCalls = context.WithCancel(context.Background())

// acting counts the calls in hand that change something.
var acting atomic.Int32

// exitWithProgram ends the plugin when the program has died or SIGTERM says
// so, and with it what it has started. A plugin that was started without the
// pipe waits for the signal alone.
func exitWithProgram() {
	gone := make(chan os.Signal, 2)
	signal.Notify(gone, syscall.SIGTERM)
	if os.Getenv(wire.AliveVariable) != "" {
		unix.CloseOnExec(wire.AliveFD) // not for what the backend starts
		go func() {
			io.Copy(io.Discard, os.NewFile(wire.AliveFD, "alive")) // ends with the program, whatever the error
			gone <- syscall.SIGTERM
		}()
	}
	<-gone
	endCalls()
	time.Sleep(exitGrace)
	finishActing(wire.FinishTime)
	removeSockets(os.Getenv(plugin.EnvUnixSocketDir))
	if syscall.Getpgrp() == os.Getpid() {
		syscall.Kill(0, syscall.SIGKILL) // this process as well
	}
	os.Exit(1)
}

// removeSockets removes what a program that was killed leaves behind: the
// plugin's socket, its directory, and the program's, which goes with its last
// plugin. Whatever else may be there is not touched.
func removeSockets(dir string) {
	entries, err := os.ReadDir(dir)
	if dir == "" || err != nil {
		return
	}
	for _, e := range entries {
		if e.Type()&os.ModeSocket != 0 {
			os.Remove(filepath.Join(dir, e.Name())) // or the directory is not empty, and stays
		}
	}
	os.Remove(dir)
	if parent := filepath.Dir(dir); strings.HasPrefix(filepath.Base(parent), wire.SocketDir) {
		os.Remove(parent)
	}
}

// finishActing waits for the calls in hand that change something.
func finishActing(limit time.Duration) {
	for end := time.Now().Add(limit); acting.Load() > 0 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
}

// within joins a call's context with the program's life.
func within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(calls, cancel)
	return ctx, func() { stop(); cancel() }
}

// answerPanic makes a panic the call's error, with its stack in the log.
func answerPanic(err *error) {
	if p := recover(); p != nil {
		hclog.New(&hclog.LoggerOptions{Output: os.Stderr}).Error("panic", "panic", p, "stack", string(debug.Stack()))
		*err = status.Errorf(codes.Internal, "it panicked: %v", p)
	}
}
