// Documents for relay-compiler, which writes their artifacts to __generated__.
import { graphql } from "relay-runtime";

graphql`
  query PlanQuery($id: ID!, $asOf: AsOfInput) {
    notice(id: $id, asOf: $asOf) {
      id
      plan { objectives { nodes { id progressCount ...Plan_objective } } }
    }
  }
`;
graphql`
  fragment Plan_objective on Objective @refetchable(queryName: "PlanRefetchQuery") {
    id
    progressCount
  }
`;
