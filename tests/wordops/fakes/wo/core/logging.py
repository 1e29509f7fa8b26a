"""What the drop-in uses of WordOps' wo.core.logging: error() ends the program unless told not to."""


class Log:
    def error(self, msg, exit=True):
        print(msg)
        self.app.log.error(msg)
        if exit:
            self.app.close(1)

    def info(self, msg, end="\n", log=True):
        print(msg, end=end)
        if log:
            self.app.log.info(msg)

    def warn(self, msg):
        print(msg)
        self.app.log.warning(msg)

    def debug(self, msg):
        self.app.log.debug(msg)
