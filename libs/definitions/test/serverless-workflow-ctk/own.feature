Feature: What the conformance kit of Serverless Workflow asks for, in words of our own

  Scenario: branches that compete
    Given a workflow with definition:
    """yaml
    document: {dsl: 1.0.3, namespace: default, name: race, version: 1.0.0}
    do: [{race: {fork: {compete: true, branches: [{a: {set: {won: [a]}}}, {b: {set: {won: [b]}}}]}}}]
    """
    When the workflow is executed
    Then the workflow should complete
    And the workflow output should have a 'won' property containing 1 items

  Scenario: a call of HTTP, whose content is filtered
    Given a workflow with definition:
    """yaml
    document: {dsl: 1.0.3, namespace: default, name: first-pet, version: 1.0.0}
    do:
      - find:
          call: http
          with: {method: get, endpoint: {uri: "https://pets.example/pet/findByStatus?status={wanted}"}}
          output: {as: ".[0]"}
    """
    And given the workflow input is:
    """yaml
    wanted: available
    """
    When the workflow is executed
    Then the workflow should complete
    And the workflow output should have properties 'id', 'name', 'status'

  Scenario: a call of HTTP, as a response
    Given a workflow with definition:
    """yaml
    document: {dsl: 1.0.3, namespace: default, name: pet-response, version: 1.0.0}
    do: [{get: {call: http, with: {method: get, endpoint: {uri: "https://pets.example/pet/{pet}"}, output: response}}}]
    """
    And given the workflow input is:
    """yaml
    pet: 2
    """
    When the workflow is executed
    Then the workflow should complete
    And the workflow output should have properties 'request.method', 'headers', 'statusCode', 'content.name'

  Scenario: a call of HTTP with a password
    Given a workflow with definition:
    """yaml
    document: {dsl: 1.0.3, namespace: default, name: pet-sign-in, version: 1.0.0}
    do:
      - enter:
          call: http
          with:
            method: get
            endpoint:
              uri: https://pets.example/basic-auth/{user}/{word}
              authentication: {basic: {username: "${ .user }", password: "${ .word }"}}
    """
    And given the workflow input is:
    """yaml
    {user: ada, word: sesame}
    """
    When the workflow is executed
    Then the workflow should complete

  Scenario: a call of OpenAPI
    Given a workflow with definition:
    """yaml
    document: {dsl: 1.0.3, namespace: default, name: pet-count, version: 1.0.0}
    do:
      - find:
          call: openapi
          with:
            document: {endpoint: "https://pets.example/openapi.json"}
            operationId: findPetsByStatus
            parameters: {status: "${ .wanted }"}
          output: {as: ". | length"}
    """
    And given the workflow input is:
    """yaml
    wanted: available
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    2
    """

  Scenario: an input that is filtered
    Given a workflow with definition:
    """yaml
    document: {dsl: 1.0.3, namespace: default, name: inner, version: 1.0.0}
    do: [{keep: {input: {from: .order.customer}, set: {name: "${ . }"}}}]
    """
    And given the workflow input is:
    """yaml
    order: {customer: Ada}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    name: Ada
    """

  Scenario: outputs that are no objects
    Given a workflow with definition:
    """yaml
    document: {dsl: 1.0.3, namespace: default, name: two-pets, version: 1.0.0}
    do:
      - one: {call: http, with: {method: get, endpoint: {uri: "https://pets.example/pet/{pet}"}}, output: {as: .id}}
      - two:
          call: http
          with: {method: get, endpoint: {uri: "https://pets.example/pet/2"}}
          output: {as: "{ both: [ $input, .id ] }"}
    """
    And given the workflow input is:
    """yaml
    pet: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    both: [1, 2]
    """

  Scenario: an event with a source of its own
    Given a workflow with definition:
    """yaml
    document: {dsl: 1.0.3, namespace: default, name: greet-event, version: 1.0.0}
    do:
      - greet:
          emit:
            event: {with: {source: "https://shop.example", type: shop.greeted, data: {text: '${ "Hello \(.name)" }'}}}
    """
    And given the workflow input is:
    """yaml
    name: Ada
    """
    When the workflow is executed
    Then the workflow should complete
    And the workflow output should have a 'data' property with value:
    """yaml
    text: Hello Ada
    """
    And the workflow output should have a 'source' property with value:
    """yaml
    https://shop.example
    """

  Scenario: tasks in an order of their own, also inside another
    Given a workflow with definition:
    """yaml
    document: {dsl: 1.0.3, namespace: default, name: order-of-tasks, version: 1.0.0}
    do:
      - one: {set: {done: '${ .done + ["one"] }'}, then: three}
      - two: {set: {done: '${ .done + ["two"] }'}, then: end}
      - three: {do: [{inner: {set: {done: '${ .done + ["three"] }'}}}], then: two}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    done: [one, three, two]
    """

  Scenario: a loop with an index
    Given a workflow with definition:
    """yaml
    document: {dsl: 1.0.3, namespace: default, name: numbered, version: 1.0.0}
    do:
      - number:
          for: {each: name, in: .names}
          do: [{add: {set: {all: '${ { names: (.all.names + [ $name ]), at: (.all.at + [ $index ]) } }'}}}]
    """
    And given the workflow input is:
    """yaml
    names: [ada, ben]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    all: {names: [ada, ben], at: [0, 1]}
    """

  Scenario: an error that is raised
    Given a workflow with definition:
    """yaml
    document: {dsl: 1.0.3, namespace: default, name: too-young, version: 1.0.0}
    do: [{refuse: {raise: {error: {status: 451, type: "https://shop.example/young", title: Too young}}}}]
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {status: 451, type: "https://shop.example/young", title: Too young, instance: /do/0/refuse}
    """

  Scenario: a choice
    Given a workflow with definition:
    """yaml
    document: {dsl: 1.0.3, namespace: default, name: choice, version: 1.0.0}
    do:
      - choose: {switch: [{big: {when: .n > 9, then: large}}, {other: {then: small}}]}
      - large: {set: {size: large}, then: end}
      - small: {set: {size: "${ $input.n }"}}
    """
    And given the workflow input is:
    """yaml
    n: 4
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    size: 4
    """

  Scenario: a choice without a match
    Given a workflow with definition:
    """yaml
    document: {dsl: 1.0.3, namespace: default, name: no-choice, version: 1.0.0}
    do:
      - choose: {switch: [{big: {when: .n > 9, then: large}}], then: end}
      - large: {set: {size: large}}
    """
    And given the workflow input is:
    """yaml
    n: 4
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 4
    """

  Scenario: an error that is caught
    Given a workflow with definition:
    """yaml
    document: {dsl: 1.0.3, namespace: default, name: no-pet, version: 1.0.0}
    do:
      - careful:
          try: [{get: {call: http, with: {method: get, endpoint: {uri: "https://pets.example/pet/none"}}}}]
          catch:
            errors: {with: {status: 404}}
            as: problem
            do: [{keep: {set: {problem: "${ $problem }"}}}]
    """
    When the workflow is executed
    Then the workflow should complete
    And the workflow output should have properties 'problem.type', 'problem.status', 'problem.title'
    And the workflow output should have a 'problem.instance' property with value:
    """yaml
    /do/0/careful/try/0/get
    """

  Scenario: an error that is not caught
    Given a workflow with definition:
    """yaml
    document: {dsl: 1.0.3, namespace: default, name: other-problem, version: 1.0.0}
    do:
      - careful:
          try: [{get: {call: http, with: {method: get, endpoint: {uri: "https://pets.example/pet/none"}}}}]
          catch: {errors: {with: {status: 503}}, do: [{keep: {set: {problem: true}}}]}
    """
    When the workflow is executed
    Then the workflow should fault
