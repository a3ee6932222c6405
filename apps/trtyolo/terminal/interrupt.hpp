// Ctrl-C and SIGTERM as a flag that loops check; SIGPIPE as an error.
#pragma once

namespace app {

/// From now on the first SIGINT or SIGTERM only sets the flag; a second one ends the program at once. Writing to a pipe
/// that nobody reads is an error (EPIPE), and no signal.
void watchInterrupts();

/// True after SIGINT or SIGTERM. Any thread.
bool interrupted();

}  // namespace app
