// Ctrl-C and SIGTERM, as a question that loops ask.
#pragma once

namespace app {

/// From now on the first SIGINT or SIGTERM only sets what interrupted() says; a second one ends the program at once.
void watchInterrupts();

/// True after SIGINT or SIGTERM. Any thread.
bool interrupted();

}  // namespace app
