import TokenService

CommandLineTool.main(
    Array(CommandLine.arguments.dropFirst()),
    environment: Dictionary(
        ProcessInformation.environment.map { ($0.name, $0.value) },
        uniquingKeysWith: { first, _ in first }
    )
)
