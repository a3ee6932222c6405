// Ctrl-C and SIGTERM as a flag that loops check.
#pragma once

namespace app {

/// From now on the first SIGINT or SIGTERM only sets the flag; a second one ends the program at once.
void watchInterrupts();

/// True after SIGINT or SIGTERM. Any thread.
bool interrupted();

}  // namespace app
