import ApusCommands

await Apus.start()
